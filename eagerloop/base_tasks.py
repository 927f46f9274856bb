"""asyncio.base_tasks: the helpers behind Task's representation and stacks."""

from __future__ import annotations

from .core import reprs, stacks

_task_repr_info = reprs.task_info
_task_repr = reprs.task_repr
_task_get_stack = stacks.task_get_stack
_task_print_stack = stacks.task_print_stack
