"""Compiles each `.py` of the package that has a `.pxd` beside it; all else is in pyproject.toml.

All or nothing: a package with one half compiled cannot be imported, so a failure removes what was
built and leaves an interpreted install. The environment decides how strict that is:

    EAGERLOOP_BUILD=pure      compile nothing
    EAGERLOOP_BUILD=require   a failed compilation is an error, and so is a warning of Cython's
    EAGERLOOP_BUILD unset     compile if that works, else say why not and install interpreted
    EAGERLOOP_CFLAGS=...      instead of -O2 -g0, also given to the linker (sanitizers)
"""

from __future__ import annotations

import os
import shlex
import sys
import sysconfig
import textwrap
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

MODE = os.environ.get("EAGERLOOP_BUILD", "")
CFLAGS = shlex.split(os.environ.get("EAGERLOOP_CFLAGS", "-O2 -g0"))
JOBS = os.cpu_count() or 1
TWIN = Path("eagerloop/core/runtime.py")  # runtime.h for the interpreter: never compiled
DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,  # else `def f(x: int)` turns 1.5 into 1: only the .pxd has C types
    "auto_pickle": False,
    "embedsignature.format": "clinic",  # the one that `inspect` reads
}


def pairs() -> list[Path]:
    """The sources to compile: those with a `.pxd` beside them."""
    found = (layout.with_suffix(".py") for layout in sorted(Path("eagerloop").rglob("*.pxd")))
    return [source for source in found if source != TWIN and source.exists()]


def extension(source: Path) -> Extension:
    return Extension(
        ".".join(source.with_suffix("").parts),
        [str(source)],
        depends=[str(header) for header in sorted(Path("eagerloop/core").glob("*.h"))],
        include_dirs=["eagerloop/core"],
        extra_compile_args=CFLAGS,
        extra_link_args=CFLAGS,
    )


class BuildAllOrNothing(build_ext):
    def run(self) -> None:
        self.parallel = self.parallel or JOBS
        if self.editable_mode:  # pip's build folder is a new one each time: all would recompile
            tag = f"{self.plat_name}-{sys.implementation.cache_tag}"
            self.build_lib, self.build_temp = f"build/lib.{tag}", f"build/temp.{tag}"
        try:
            super().run()
        except Exception as error:  # whatever the compilers raise: the reason is passed on
            reason = textwrap.shorten(str(error), 160) or type(error).__name__
            if MODE == "require":
                sys.exit(f"eagerloop: compiling failed: {reason}")
            self.remove_built()
            print(f"eagerloop: installing interpreted, for compiling failed: {reason}")
        if MODE == "pure":
            self.remove_built()
            print("eagerloop: installing interpreted, as EAGERLOOP_BUILD=pure asks")

    def build_extensions(self) -> None:
        from Cython.Build import cythonize
        from Cython.Compiler import Options

        Options.warning_errors = MODE == "require"
        self.forget_outdated()
        generated = cythonize(  # type: ignore[no-untyped-call]
            self.extensions, nthreads=JOBS, build_dir="build/cython", compiler_directives=DIRECTIVES
        )
        sources = {made.name: made.sources for made in generated}
        for wanted in self.extensions:
            wanted.sources = sources[wanted.name]
        super().build_extensions()

    @staticmethod
    def forget_outdated() -> None:
        """A layout is part of every file that cimports it, however indirectly; Cython sees one level."""
        layouts = [*Path("eagerloop").rglob("*.pxd"), *Path("eagerloop").rglob("*.h")]
        newest = max((layout.stat().st_mtime for layout in layouts), default=0)
        for made in Path("build/cython").rglob("*.c"):
            if made.stat().st_mtime < newest:
                made.unlink()

    def remove_built(self) -> None:
        self.extensions = []
        for source in pairs():
            library = source.with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))
            library.unlink(missing_ok=True)
            Path(self.build_lib, library).unlink(missing_ok=True)


if __name__ == "__main__":  # cythonize's worker processes import this file
    if MODE not in ("", "pure", "require"):
        sys.exit(f"EAGERLOOP_BUILD={MODE}: the choices are pure and require")
    setup(
        ext_modules=[] if MODE == "pure" else [extension(source) for source in pairs()],
        cmdclass={"build_ext": BuildAllOrNothing},
    )
