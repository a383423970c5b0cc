"""The pages of tasks read the storage and the recorded pictures."""

from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.screen import Picture
from gui_agents.domain.storage import TaskFilter, TaskOrder
from gui_agents.pictures.files import PictureFiles
from gui_agents.tasks.views import StoredViews


class Store:
    """Answers with what it was asked."""

    def tasks(self, *asked, **named):
        return asked, named

    def task(self, task_id):
        return "task", task_id

    def steps(self, task_id):
        return "steps", task_id


def test_tasks_come_from_the_store_and_pictures_from_files(tmp_path):
    files = PictureFiles(tmp_path, 2**20)
    files.put("t", "1.png", Picture(b"png", 1, 1, PictureFormat.PNG))
    files.close()
    views = StoredViews(Store(), files)
    listed = views.tasks(TaskFilter(), TaskOrder.COST, descending=False, limit=5, cursor="c")
    assert listed == ((TaskFilter(), TaskOrder.COST), {"descending": False, "limit": 5, "cursor": "c"})
    assert (views.task("t"), views.steps("t")) == (("task", "t"), ("steps", "t"))
    assert (list(views.pictures("t")), views.picture("t", "1.png"), views.picture("t", "2.png")) == (
        ["1.png"],
        b"png",
        None,
    )
