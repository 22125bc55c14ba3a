"""The decorators of plugins: ``@hookimpl`` for an implementation, ``@hookspec`` for a hook that a plugin offers.

They are pluggy's markers to a type checker and leave the same mark on a function, without importing pluggy, which
takes longer than a whole tick (20 ms); see :class:`.PluginHost` for when it is imported.
"""

from __future__ import annotations

__all__ = ["IMPL_MARK", "PROJECT", "SPEC_MARK", "hookimpl", "hookspec"]

PROJECT = "wfepy"
IMPL_MARK = "wfepy_impl"
SPEC_MARK = "wfepy_spec"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pluggy import HookimplMarker, HookspecMarker

    hookimpl = HookimplMarker(PROJECT)
    hookspec = HookspecMarker(PROJECT)
else:

    def hookimpl(
        function=None,
        hookwrapper=False,
        optionalhook=False,
        tryfirst=False,
        trylast=False,
        specname=None,
        wrapper=False,
    ):
        """Mark a function as the implementation of the hook of its name.

        :param wrapper: it yields once, around the other implementations
        :param tryfirst: call it before the others
        :param trylast: call it after the others
        :param optionalhook: it is no error when nobody offers the hook
        :param specname: the hook, when the function has another name
        """
        options = {
            "wrapper": wrapper,
            "hookwrapper": hookwrapper,
            "optionalhook": optionalhook,
            "tryfirst": tryfirst,
            "trylast": trylast,
            "specname": specname,
        }
        return _mark(function, IMPL_MARK, options)

    def hookspec(function=None, firstresult=False, historic=False, warn_on_impl=None, warn_on_impl_args=None):
        """Mark a function as the specification of a hook; give its module to ``pluginmanager.add_hookspecs``.

        :param firstresult: stop at the first implementation that returns something
        :param historic: repeat each call to the plugins that are registered later
        """
        if historic and firstresult:
            raise ValueError("cannot have a historic firstresult hook")
        options = {
            "firstresult": firstresult,
            "historic": historic,
            "warn_on_impl": warn_on_impl,
            "warn_on_impl_args": warn_on_impl_args,
        }
        return _mark(function, SPEC_MARK, options)

    def _mark(function, mark, options):
        def decorate(function):
            setattr(function, mark, options)
            return function

        return decorate if function is None else decorate(function)
