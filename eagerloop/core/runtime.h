/* What Cython cannot say: the engine's only C.
 *
 *   1. Ring       the ready queue: a power-of-two array of references
 *   2. Heap       the timers: a 4-ary heap whose entries know their own place, so that cancelling removes
 *   3. Context    a task or handle at rest keeps a context's immutable variables, not a Context object
 *   4. Send       one step of a coroutine, its outcome told apart without raising StopIteration
 *   5. Awaitable  am_send and am_await, which Cython has no special methods for
 *   6. Current    the task that is running, where the stdlib's asyncio looks for it
 *   7. Tasks      the list of live tasks, borrowed references
 *   8. Stock      memory of objects that live for one await, kept for the next of their type
 *   9. Front door how what takes any keywords is called without any, and no dict made for them
 *  10. Deque      a queue's append and popleft, without the call of a method; and a list's pop, which never fails
 *  11. Bytes      what streams look for and cut out, without a number or a slice being made an object
 *
 * 1 and 2 are in queues.h, 3 to 5 in steps.h, 6 in running.h, 7 to 11 in objects.h, and what it has of the kernel in kernel.h; this file
 * is what others include. `runtime.pxd` declares all to Cython, `runtime.py` says the same in Python for the
 * interpreted mode. All of it relies on the GIL. Functions follow CPython's conventions: new references out, borrowed in, NULL or -1
 * with an exception set on failure. Every including module gets its own copy of the statics; what must be shared
 * between modules lives in objects. */
#ifndef EAGERLOOP_RUNTIME_H
#define EAGERLOOP_RUNTIME_H

#include "queues.h"
#include "steps.h"
#include "running.h"
#include "objects.h"
#include "kernel.h"

#endif
