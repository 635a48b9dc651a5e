"""What `pacctl status` loads: the standard library and the protocol's constants."""

import json
import subprocess
import sys

_PROGRAM = """
import sys
from pacctl.__main__ import main
code = main(["--socket", "/nonexistent/pacd.sock", "status"])
import pacctl.overview
loaded = sorted(sys.modules)
import json
print(json.dumps([code, loaded]))
"""

# Each costs more than a tenth of what status may take (docs/decisions/0006).
_DEAR = {
    "dataclasses",
    "http.client",
    "argparse",
    "collections",
    "enum",
    "functools",
    "json",
    "re",
    "socket",
    "shutil",
    "pathlib",
    "asyncio",
    "inspect",
    "typing",
}


def test_status_loads_only_the_standard_library_and_the_protocol() -> None:
    """B5: no dependency, no part of the daemon, no dear module of the standard library."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout)
    ours = {name for name in modules if name.split(".")[0] == "pacd"}
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print('\\n'.join(sys.modules))"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    foreign = {
        name for name in set(modules) - set(bare)
        if name.split(".")[0] not in sys.stdlib_module_names | {"pacd", "pacctl"}
    }  # fmt: skip

    assert 3 == code
    assert {"pacd", "pacd.protocol", "pacd.protocol.wire"} == ours
    assert set() == foreign
    assert set() == (_DEAR & set(modules)) - set(bare)
