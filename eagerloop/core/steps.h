/* The second part of runtime.h: how a coroutine is stepped, in its context. */
#ifndef EAGERLOOP_STEPS_H
#define EAGERLOOP_STEPS_H

#include <Python.h>

static inline PyObject *el_take_exception(void) {
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(value, traceback);
        Py_DECREF(traceback);
    }
    Py_XDECREF(type);
    return value;
#endif
}

/* -- 3. Context --------------------------------------------------------------------------------------------
 * A Context object is a mutable box around an immutable mapping. Whoever only wants to come back to the same
 * variables later needs the mapping, not the box: `snapshot` returns the mapping, `enter` boxes it in a Context from
 * a small pool, and `leave` takes the mapping out again, unless somebody else got hold of the box meanwhile
 * (get_context(), a Token): then the box stays with its owner for good. A slot therefore holds a mapping or a Context.
 * The box's layout is private but the same from 3.11 to 3.15; el_init checks it and otherwise turns the trick off. */

typedef struct {
    PyObject_HEAD
    PyObject *outer;
    PyObject *variables;
    PyObject *weakrefs;
    int entered;
} el_context;

#define EL_POOL 16
static PyObject *el_pool[EL_POOL];
static int el_pooled = 0;
static PyObject *el_no_variables = NULL; /* the empty mapping; NULL: the layout is not the one we know */

static inline int el_context_init(void) {
    PyObject *context = PyContext_New();
    if (context == NULL) return -1;
    el_context *box = (el_context *)context;
    int known = Py_TYPE(context)->tp_basicsize == sizeof(el_context)
                && Py_TYPE(context)->tp_weaklistoffset == offsetof(el_context, weakrefs)
                && box->variables != NULL && box->entered == 0
                && strcmp(Py_TYPE(box->variables)->tp_name, "hamt") == 0;
    if (known) {
        if (PyContext_Enter(context) < 0) goto failed;
        known = box->entered == 1 && PyThreadState_Get()->context == context;
        if (PyContext_Exit(context) < 0) goto failed;
    }
    if (known && el_no_variables == NULL) el_no_variables = Py_NewRef(box->variables);
    Py_DECREF(context);
    return 0;
failed:
    Py_DECREF(context);
    return -1;
}

static inline PyObject *el_context_snapshot(void) {
    PyObject *context = PyThreadState_Get()->context;
    if (el_no_variables == NULL) return PyContext_CopyCurrent();
    return Py_NewRef(context == NULL ? el_no_variables : ((el_context *)context)->variables);
}

/* What a caller gave as `context=`, or a snapshot for None. Nothing but a Context may get into a slot: whatever else
 * is there is taken for variables. */
static inline PyObject *el_context_given(PyObject *context) {
    if (context == Py_None) return el_context_snapshot();
    if (PyContext_CheckExact(context)) return Py_NewRef(context);
    PyObject *name = PyType_GetName(Py_TYPE(context));
    if (name != NULL) PyErr_Format(PyExc_TypeError, "a contextvars.Context was expected, got %U", name);
    Py_XDECREF(name);
    return NULL;
}

/* A new reference to a Context with the slot's variables. */
static inline PyObject *el_context_box(PyObject *slot) {
    PyObject *context;
    if (PyContext_CheckExact(slot)) return Py_NewRef(slot);
    if (el_pooled > 0)
        context = el_pool[--el_pooled];
    else if ((context = PyContext_New()) == NULL)
        return NULL;
    Py_XSETREF(((el_context *)context)->variables, Py_NewRef(slot));
    return context;
}

/* Enters the slot's variables; the slot holds the Context until `el_context_leave`. */
static inline int el_context_enter(PyObject **slot) {
    PyObject *context = el_context_box(*slot);
    if (context == NULL) return -1;
    if (PyContext_Enter(context) < 0) {
        Py_DECREF(context);
        return -1;
    }
    Py_SETREF(*slot, context);
    return 0;
}

/* Into the pool, with nobody's values. Takes over the reference, and returns the variables. */
static inline PyObject *el_context_empty(PyObject *context) {
    el_context *box = (el_context *)context;
    PyObject *variables = box->variables;
    box->variables = Py_NewRef(el_no_variables);
    if (el_pooled < EL_POOL)
        el_pool[el_pooled++] = context;
    else
        Py_DECREF(context);
    return variables;
}

static inline void el_context_leave(PyObject *context, PyObject **slot) {
    if (PyContext_Exit(context) < 0) PyErr_WriteUnraisable(context); /* something entered another and never left it */
    if (el_no_variables == NULL || *slot != context || Py_REFCNT(context) != 1) return;
    if (((el_context *)context)->weakrefs == NULL) *slot = el_context_empty(context);
}

/* What a turn runs has the same variables again and again. So the box of an entry that has run stays entered, held here,
 * and the next entry with these variables goes on in it. Not so a box that somebody else got hold of; and it is left
 * before anything but entries runs (current.py). */
typedef struct {
    PyObject *box;   /* NULL: none stays, or an entry runs in it */
    PyObject *spare; /* an empty one, which a module left and any may take; or NULL */
    PyThreadState *thread; /* which entered the box: asking for it is a call */
} el_stay;

static inline void el_context_exit(el_stay *stay) {
    PyObject *context = stay->box;
    if (context == NULL) return;
    stay->box = NULL;
    if (stay->thread->context != context) { /* greenlets were switched, and not back */
        Py_DECREF(context);
        return;
    }
    if (PyContext_Exit(context) < 0) PyErr_WriteUnraisable(context);
    if (stay->spare == NULL && Py_REFCNT(context) == 1 && ((el_context *)context)->weakrefs == NULL) {
        PyObject *variables = ((el_context *)context)->variables;
        ((el_context *)context)->variables = Py_NewRef(el_no_variables);
        stay->spare = context;
        Py_DECREF(variables); /* last: a finalizer may run anything, also a turn that leaves a spare one */
    } else
        Py_DECREF(context);
}
#define EL_CONTEXT_EXIT(agenda) el_context_exit(&(agenda)->_stay)
#define EL_STAY_END(agenda) Py_CLEAR((agenda)->_stay.spare)

/* `stay` is NULL for what is not an entry of the queue. */
static inline int el_context_go_on(PyObject **slot, el_stay *stay) {
    if (stay == NULL) return el_context_enter(slot);
    PyObject *context = stay->box;
    if (context != NULL && ((el_context *)context)->variables == *slot) {
        stay->box = NULL;
        Py_SETREF(*slot, context);
        return 0;
    }
    el_context_exit(stay);
    if (stay->spare != NULL && el_pooled < EL_POOL) {
        el_pool[el_pooled++] = stay->spare;
        stay->spare = NULL;
    }
    stay->thread = PyThreadState_Get();
    return el_context_enter(slot);
}

static inline void el_context_pause(PyObject *context, PyObject **slot, el_stay *stay) {
    el_context *box = (el_context *)context;
    if (stay == NULL || el_no_variables == NULL || *slot != context || Py_REFCNT(context) != 2 || box->weakrefs != NULL
        || stay->box != NULL || stay->thread->context != context) {
        el_context_leave(context, slot);
    } else {
        *slot = Py_NewRef(box->variables);
        stay->box = context;
    }
}

/* The Context of a slot, kept there from now on. */
static inline PyObject *el_context_object(PyObject **slot) {
    if (!PyContext_CheckExact(*slot)) {
        PyObject *context = el_context_box(*slot);
        if (context == NULL) return NULL;
        Py_SETREF(*slot, context);
    }
    return Py_NewRef(*slot);
}
#define EL_CONTEXT_OBJECT(owner) el_context_object(&(owner)->_context)

/* Calls `callback(*args)` in the slot's context. Returns None, or the exception that it raised: Cython's own `try` would
 * cost each call as much as entering the context does. What to call is asked for in there: the context that is left
 * for this one may let go of a variable, whose finalizer cancels the call. */
static inline PyObject *el_context_call(PyObject **slot, PyObject **callbacks, PyObject **arguments, el_stay *stay) {
    if (el_context_go_on(slot, stay) < 0) return el_take_exception();
    PyObject *context = *slot, *callback = *callbacks, *args = *arguments, *result = NULL;
    if (args != Py_None) {
        Py_INCREF(callback);
        Py_INCREF(args);
        result = PyObject_Vectorcall(
            callback, ((PyTupleObject *)args)->ob_item, (size_t)PyTuple_GET_SIZE(args), NULL);
        Py_DECREF(callback);
        Py_DECREF(args);
        if (result == NULL)
            result = el_take_exception();
        else
            Py_SETREF(result, Py_NewRef(Py_None));
    } else
        result = Py_NewRef(Py_None);
    el_context_pause(context, slot, stay);
    return result;
}
#define EL_CALL(handle) \
    el_context_call(&(handle)->_context, &(handle)->_callback, (PyObject **)&(handle)->_args, NULL)
#define EL_CALL_ENTRY(agenda, handle) \
    el_context_call(&(handle)->_context, &(handle)->_callback, (PyObject **)&(handle)->_args, &(agenda)->_stay)

/* Calls `function(argument)` in the owner's context. */
static inline PyObject *el_context_call_one(PyObject **slot, PyObject *function, PyObject *argument) {
    if (el_context_enter(slot) < 0) return NULL;
    PyObject *context = *slot;
    PyObject *result = PyObject_CallOneArg(function, argument);
    el_context_leave(context, slot);
    return result;
}
#define EL_CALL_ONE(owner, function, argument) el_context_call_one(&(owner)->_context, function, argument)

/* The same with two arguments. */
static inline PyObject *el_context_call_two(PyObject **slot, PyObject *function, PyObject *first, PyObject *second) {
    PyObject *arguments[3] = {NULL, first, second};
    if (el_context_enter(slot) < 0) return NULL;
    PyObject *context = *slot;
    PyObject *result = PyObject_Vectorcall(function, arguments + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    el_context_leave(context, slot);
    return result;
}
#define EL_CALL_TWO(owner, function, first, second) el_context_call_two(&(owner)->_context, function, first, second)

/* No variable is set, and none will be: not so in a Context, which others may enter. */
static inline int el_context_is_empty(PyObject *slot) { return slot == el_no_variables; }
#define EL_CONTEXT_IS_EMPTY(owner) el_context_is_empty((owner)->_context)

/* What a function returned, or the exception that it raised. */
static inline PyObject *el_or_exception(PyObject *result) { return result == NULL ? el_take_exception() : result; }

/* None, or the exception. */
static inline PyObject *el_only_exception(PyObject *result) {
    if (result == NULL) return el_take_exception();
    Py_DECREF(result);
    return Py_NewRef(Py_None);
}
#define EL_TELL_ONE(owner, function, argument) el_only_exception(EL_CALL_ONE(owner, function, argument))
#define EL_TELL_TWO(owner, function, first, second) el_only_exception(EL_CALL_TWO(owner, function, first, second))
#define EL_ATTEMPT(function, a, b) (function(a, b) < 0 ? el_take_exception() : Py_NewRef(Py_None))

/* A Context that only the slot holds gives way to its variables. */
static inline int el_context_slim(PyObject **slot) {
    el_context *box = (el_context *)*slot;
    if (el_no_variables == NULL || !PyContext_CheckExact(*slot)) return 0;
    if (Py_REFCNT(box) != 1 || box->entered || box->weakrefs != NULL) return 0;
    Py_SETREF(*slot, Py_NewRef(box->variables));
    return 0;
}
#define EL_CONTEXT_SLIM(owner) el_context_slim(&(owner)->_context)

/* -- 4. Send ----------------------------------------------------------------------------------------------- */

enum { EL_YIELDED = 0, EL_RETURNED = 1, EL_RAISED = 2 };
static int el_kind_of_last = EL_YIELDED;
static PyObject *el_str_throw = NULL;

/* Sends None (or throws `error`) into the coroutine, in the slot's context. Returns what it yielded, returned or raised;
 * `EL_KIND` says which, and must be asked at once. */
static inline PyObject *el_send(PyObject *coroutine, PyObject *error, PyObject **slot, el_stay *stay) {
    PyObject *result = NULL;
    int kind;
    if (el_context_go_on(slot, stay) < 0) { /* a Context that is entered already: the task's fault, and its failure */
        el_kind_of_last = EL_RAISED;
        return el_take_exception();
    }
    PyObject *context = *slot;
    Py_INCREF(coroutine);
    if (error == Py_None) {
        switch (PyIter_Send(coroutine, Py_None, &result)) {
            case PYGEN_NEXT: kind = EL_YIELDED; break;
            case PYGEN_RETURN: kind = EL_RETURNED; break;
            default: kind = EL_RAISED;
        }
    } else {
        result = PyObject_CallMethodOneArg(coroutine, el_str_throw, error);
        kind = result == NULL ? EL_RAISED : EL_YIELDED;
    }
    if (kind == EL_RAISED) {
        result = el_take_exception();
        if (error != Py_None && PyErr_GivenExceptionMatches(result, PyExc_StopIteration)) {
            PyObject *value = ((PyStopIterationObject *)result)->value;
            value = Py_NewRef(value == NULL ? Py_None : value);
            Py_SETREF(result, value);
            kind = EL_RETURNED;
        }
    }
    Py_DECREF(coroutine);
    el_context_pause(context, slot, stay);
    el_kind_of_last = kind;
    return result;
}
#define EL_SEND(task, error) el_send((task)->_coro, error, &(task)->_context, NULL)
#define EL_SEND_ENTRY(agenda, task, error) el_send((task)->_coro, error, &(task)->_context, &(agenda)->_stay)
#define EL_KIND(outcome) el_kind_of_last
#define EL_VALUE(outcome) Py_NewRef(outcome)

/* A compiled class is a static type; a class that a user derives from it is not. */
static inline int el_is_native(PyObject *object) { return !(Py_TYPE(object)->tp_flags & Py_TPFLAGS_HEAPTYPE); }

/* -- 5. Awaitable ------------------------------------------------------------------------------------------
 * An installed type is its own iterator under `await`: am_send asks its `poll` (1 finished, 0 wait, -1 error) and takes
 * from `take` the result or what to wait for. No iterator object, no StopIteration. One kind of awaitable a module. */

typedef int (*el_poll_function)(PyObject *);
typedef PyObject *(*el_take_function)(PyObject *, int);
static el_poll_function el_poll;
static el_take_function el_take;

static PySendResult el_am_send(PyObject *self, PyObject *Py_UNUSED(value), PyObject **result) {
    int finished = el_poll(self);
    *result = NULL;
    if (finished < 0 || (*result = el_take(self, finished)) == NULL) return PYGEN_ERROR;
    return finished ? PYGEN_RETURN : PYGEN_NEXT;
}

static PyObject *el_am_await(PyObject *self) { return Py_NewRef(self); }

static void el_stop_plainly(PyObject *result) {
    PyObject *stop = PyObject_CallOneArg(PyExc_StopIteration, result); /* also right for a tuple */
    if (stop != NULL) PyErr_SetObject(PyExc_StopIteration, stop);
    Py_XDECREF(stop);
    Py_DECREF(result);
}

/* Raises StopIteration with a result that it takes over. 3.12 and 3.13 await by it, and to make one there costs as much as
 * the await does. So those are of a class of our own, whose memory is kept; the interpreter looks at the value at once and
 * lets go of them, and whoever else catches one finds a StopIteration with that value. */
#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030E0000 && !defined(Py_GIL_DISABLED)
#define EL_STOPS 4
static PyObject *el_stops[EL_STOPS], *el_stop_args; /* an empty tuple */
static int el_stops_kept = 0;

static void el_stop_dealloc(PyObject *self) {
    PyStopIterationObject *stop = (PyStopIterationObject *)self;
    PyObject *value = stop->value;
    stop->value = NULL;
    if (stop->dict != NULL || stop->notes != NULL || stop->traceback != NULL || stop->context != NULL || stop->cause != NULL ||
        stop->args != el_stop_args)
        Py_TYPE(self)->tp_clear(self);
    stop->suppress_context = 0;
    if (el_stops_kept < EL_STOPS)
        el_stops[el_stops_kept++] = self;
    else
        PyObject_GC_Del(self);
    Py_XDECREF(value);
}

/* Programs can make more, by `type(stop)(...)` or a copy. The collector must not find them in the stock. */
static PyObject *el_stop_alloc(PyTypeObject *type, Py_ssize_t count) {
    PyObject *made = PyType_GenericAlloc(type, count);
    if (made != NULL) PyObject_GC_UnTrack(made);
    return made;
}

static PyTypeObject el_stop_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "StopIteration",
    .tp_basicsize = sizeof(PyStopIterationObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_alloc = el_stop_alloc,
    .tp_dealloc = el_stop_dealloc,
};

static inline int el_stop_init(void) {
    el_stop_type.tp_base = (PyTypeObject *)PyExc_StopIteration;
    if (el_stop_args == NULL && (el_stop_args = PyTuple_New(0)) == NULL) return -1;
    return PyType_Ready(&el_stop_type);
}

/* Whether the code that awaits is traced, or was: debuggers and tracers are shown the StopIteration, and know it by its class. */
static inline int el_stop_is_seen(void) {
#if PY_VERSION_HEX >= 0x030D0000
    struct _PyInterpreterFrame *frame = PyThreadState_Get()->current_frame;
#else
    struct _PyInterpreterFrame *frame = PyThreadState_Get()->cframe->current_frame;
#endif
    if (frame == NULL) return 1;
    PyObject *code = PyUnstable_InterpreterFrame_GetCode(frame);
    int seen = !PyCode_Check(code) || ((PyCodeObject *)code)->_co_monitoring != NULL;
    Py_DECREF(code);
    return seen;
}

static void el_stop_with(PyObject *result) {
    PyStopIterationObject *stop;
    if (el_stop_is_seen()) {
        el_stop_plainly(result);
        return;
    }
    if (el_stops_kept > 0) {
        stop = (PyStopIterationObject *)el_stops[--el_stops_kept];
#if defined(Py_DEBUG) || defined(Py_TRACE_REFS)
        PyObject_Init((PyObject *)stop, &el_stop_type);
#else
        Py_SET_REFCNT((PyObject *)stop, 1);
#endif
    } else if ((stop = PyObject_GC_New(PyStopIterationObject, &el_stop_type)) == NULL) {
        Py_DECREF(result);
        return;
    } else
        memset((char *)stop + sizeof(PyObject), 0, sizeof(PyStopIterationObject) - sizeof(PyObject));
    stop->args = Py_NewRef(el_stop_args);
    stop->value = result;
    PyErr_SetRaisedException((PyObject *)stop);
}
#else
static inline int el_stop_init(void) { return 0; }
static inline void el_stop_with(PyObject *result) { el_stop_plainly(result); }
#endif

static PyObject *el_iternext(PyObject *self) {
    PyObject *result;
    PySendResult sent = el_am_send(self, Py_None, &result);
    if (sent == PYGEN_RETURN && result == Py_None) { /* as generators do; 3.12 and 3.13 await by this slot */
        Py_CLEAR(result);
    } else if (sent == PYGEN_RETURN) {
        el_stop_with(result);
        result = NULL;
    }
    return result;
}

/* Gives `type` and the compiled classes derived from it the slots above, in a table of their own: static types share
 * their base's. A class derived later inherits it. */
static int el_install(PyObject *cls, PyAsyncMethods *methods) {
    PyTypeObject *type = (PyTypeObject *)cls;
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) return 0; /* a user's class: its __await__ is a method like any other */
    type->tp_as_async = methods;
    type->tp_iternext = el_iternext;
    PyType_Modified(type);
    PyObject *derived = PyObject_CallMethod(cls, "__subclasses__", NULL);
    if (derived == NULL) return -1;
    int failed = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(derived) && !failed; i++)
        failed = el_install(PyList_GET_ITEM(derived, i), methods);
    Py_DECREF(derived);
    return failed;
}

static inline int el_install_with(PyObject *cls, el_poll_function poll, el_take_function take) {
    static PyAsyncMethods methods = {.am_await = el_am_await, .am_send = el_am_send};
    el_poll = poll;
    el_take = take;
    return el_stop_init() < 0 ? -1 : el_install(cls, &methods);
}
#define EL_INSTALL(type, poll, take) \
    el_install_with((PyObject *)(type), (el_poll_function)(void *)(poll), (el_take_function)(void *)(take))

#endif
