"""What every store must do, as tests. Needs pytest.

Write a subclass whose name begins with ``Test``, and let pytest collect it::

    class TestMyStore(StoreConformance):
        def make_store(self, folder):
            return MyStore(folder)

        def reopen(self, store):
            return MyStore(store.folder)

Durability cannot be seen from inside a process; what is tested is that everything which was acknowledged is
there for a store that was opened afresh, and that a session which is released early leaves no trace but that.
"""

from __future__ import annotations

from .base import NOW, document_of, record_of, signal_of
from .claiming import ClaimingTests
from .ending import EndingTests
from .saving import SavingTests
from .sending import SendingTests
from .starting import StartingTests

__all__ = ["NOW", "StoreConformance", "document_of", "record_of", "signal_of"]


class StoreConformance(SavingTests, ClaimingTests, SendingTests, EndingTests, StartingTests):
    """Override :meth:`make_store`, and :meth:`reopen` if the store keeps anything in the process."""
