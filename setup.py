"""Build a wheel with the data sets and the ledger, so that it needs no clone.

Everything else about the package stands in `pyproject.toml`.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CARRIED = (
    "datasets/*.npz",
    "datasets/*.json",
    "datasets/*.md",
    "claims/*.yml",
)


class BuildWithData(build_py):
    """Copy what stands beside the package in a clone into the package."""

    def run(self):
        """Add the carried files to what setuptools builds."""
        super().run()
        package = Path(self.build_lib, "topoi")
        for pattern in CARRIED:
            for source in sorted(Path().glob(pattern)):
                target = package / "carried" / source
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)


setup(cmdclass={"build_py": BuildWithData})
