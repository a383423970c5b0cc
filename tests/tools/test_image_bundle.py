"""An image runs as it says itself."""

import json

from tools.image_bundle import bundle, image

CONFIG = {
    "User": "10001:10001",
    "Cmd": ["serve"],
    "Env": ["GRPC_HOST=0.0.0.0"],
    "WorkingDir": "/app",
    "Healthcheck": {"Test": ["CMD", "gui-agents", "health"]},
}


def test_the_configuration_is_read_from_what_buildah_tells(tmp_path):
    path = tmp_path / "image.json"
    path.write_text(json.dumps({"Docker": {"config": CONFIG}}), "utf-8")
    assert image(str(path)) == CONFIG


def test_the_command_runs_as_the_images_user_in_namespaces_of_its_own():
    made = bundle(CONFIG, "/root-of-image")
    process = made["process"]
    assert process["user"] == {"uid": 10001, "gid": 10001}
    assert (process["args"], process["cwd"]) == (["serve"], "/app")
    assert process["env"] == ["GRPC_HOST=0.0.0.0", "ENABLE_PROMETHEUS=true", "ALLOW_INSECURE=true"]
    assert process["noNewPrivileges"]
    assert made["root"]["path"] == "/root-of-image"
    assert {"type": "network"} in made["linux"]["namespaces"]
