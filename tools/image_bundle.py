"""Prints how runc runs an image, or the image's health check.

    image_bundle.py IMAGE.json ROOTFS
    image_bundle.py --health IMAGE.json

IMAGE.json is what `buildah inspect --type image` prints.
"""

import json
import sys
from pathlib import Path
from typing import Any

NAMESPACES = ("pid", "ipc", "uts", "mount", "network")
"""Of the network, runc starts a loopback: the ports are those of the image, whatever this machine uses."""


def image(path: str) -> dict[str, Any]:
    """Return the configuration of the image."""
    config: dict[str, Any] = json.loads(Path(path).read_text("utf-8"))["Docker"]["config"]
    return config


def bundle(config: dict[str, Any], root: str) -> dict[str, Any]:
    """Return the configuration for runc: the image's command as its user, with no privilege and few mounts."""
    user, _, group = config["User"].partition(":")
    return {
        "ociVersion": "1.0.2",
        "root": {"path": root, "readonly": False},
        "process": {
            "user": {"uid": int(user), "gid": int(group)},
            "args": config["Cmd"],
            "env": [*config["Env"], "ENABLE_PROMETHEUS=true", "ALLOW_INSECURE=true"],
            "cwd": config["WorkingDir"],
            "noNewPrivileges": True,
        },
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
        ],
        "linux": {"namespaces": [{"type": name} for name in NAMESPACES]},
    }


if __name__ == "__main__":
    if sys.argv[1] == "--health":
        print(*image(sys.argv[2])["Healthcheck"]["Test"][1:])
    else:
        print(json.dumps(bundle(image(sys.argv[1]), sys.argv[2])))
