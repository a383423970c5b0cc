"""How the store takes a database over, and which ones it refuses with a sentence that says what to do."""

import threading

import pytest

from gui_agents.domain.secret import Secret
from gui_agents.domain.storage import StorageStartError, TaskFilter, TaskOrder
from gui_agents.storage.migrations import migrations
from gui_agents.storage.postgres.store import PostgresStore
from tests.gui_agents.storage.postgres.lives import accepted
from tests.ports import free_port

pytestmark = pytest.mark.system_tools


def refusal(connection_string, **options):
    """Return why a store does not open."""
    store = PostgresStore(Secret(connection_string), **{"start_seconds": 0.0, **options})
    with pytest.raises(StorageStartError) as error:
        store.open()
    store.close()
    assert str(error.value).startswith("POSTGRES_CONNECTION_STRING: ")
    assert error.value.variable == "POSTGRES_CONNECTION_STRING"
    return str(error.value)


def test_a_wrong_password_is_refused_at_once_and_not_shown(postgres_server):
    said = refusal(postgres_server.over_tcp("postgres", "hunter2"), start_seconds=60.0)
    assert "password authentication failed" in said
    assert "hunter2" not in said


def test_a_missing_database_is_refused_at_once(postgres_server):
    assert 'database "tasks" does not exist' in refusal(postgres_server.connection_string("tasks"), start_seconds=60.0)


@pytest.mark.parametrize(
    ("place", "problem"),
    [("nowhere.invalid", "nowhere.invalid"), ("127.0.0.1:FREE", "Connection refused")],
)
def test_a_server_that_is_not_there_is_refused(place, problem):
    said = refusal(f"postgresql://agent:hunter2@{place.replace('FREE', str(free_port()))}/tasks")
    assert problem in said
    assert "hunter2" not in said


def test_a_server_that_says_nothing_is_refused(postgres_running):
    postgres_running.pause()
    assert "timeout" in refusal(postgres_running.over_tcp("postgres") + "?connect_timeout=2")


def test_a_server_that_starts_at_the_same_time_is_waited_for(postgres_running, database):
    postgres_running.stop()
    store = PostgresStore(Secret(postgres_running.connection_string(database)), start_seconds=60.0)
    opening = threading.Thread(target=store.open)
    opening.start()
    postgres_running.start()
    opening.join()
    store.write(accepted(1))
    assert store.task("task-1") is not None
    store.close()


def test_a_database_with_another_encoding_is_refused(postgres_server):
    latin = postgres_server.create_database("ENCODING 'LATIN1' TEMPLATE template0")
    assert "has the encoding LATIN1; make one with ENCODING 'UTF8'" in refusal(postgres_server.connection_string(latin))


def test_a_database_of_a_newer_release_is_refused_and_left_as_it_is(store, postgres_server, database):
    store.close()
    newest = migrations("postgres")[-1].version
    postgres_server.run("INSERT INTO versions (version) VALUES (%s)", database, newest + 1)
    said = refusal(postgres_server.connection_string(database))
    assert f"its version is {newest + 1}, and this one knows {newest}" in said
    assert postgres_server.run("SELECT number FROM takeover", database) == [(1,)]


def test_a_database_that_cannot_be_written_is_refused(postgres_server, database):
    postgres_server.run("CREATE ROLE stranger LOGIN")
    try:
        address = postgres_server.connection_string(database).replace("//postgres@", "//stranger@")
        assert "permission denied for schema public" in refusal(address)
    finally:
        postgres_server.run("DROP ROLE stranger")


def test_a_second_service_is_refused_and_learns_where_the_first_one_is(store, postgres_server, database):
    said = refusal(postgres_server.over_tcp(database), start_seconds=0.1)
    assert "another service has this database (on the machine of the server, the server's process " in said
    assert "); end it, or make a database for each one" in said
    store.write(accepted(1))


def test_a_service_that_starts_while_another_one_ends_gets_its_database(store, make_store):
    store.write(accepted(1))
    following = make_store(start_seconds=60.0)
    opening = threading.Thread(target=following.open)
    opening.start()
    store.close()
    opening.join()
    assert [task.record.task_id for task in following.unfinished()] == ["task-1"]


def test_services_with_databases_of_their_own_share_a_server(store, postgres_server):
    other = PostgresStore(Secret(postgres_server.connection_string(postgres_server.create_database())))
    other.open()
    other.write(accepted(1))
    assert store.task("task-1") is None
    other.close()


@pytest.mark.parametrize("version", range(1, migrations("postgres")[-1].version))
def test_every_older_version_is_brought_to_the_newest_with_its_tasks(version, make_store, postgres_server, database):
    postgres_server.run("CREATE TABLE versions (version bigint PRIMARY KEY, applied_at timestamptz)", database)
    for step in migrations("postgres")[:version]:
        postgres_server.run(step.sql, database)
        postgres_server.run("INSERT INTO versions (version) VALUES (%s)", database, step.version)
    postgres_server.run(
        """
        INSERT INTO tasks (task_id, attempt, owner, status, model, backend, instruction, created_at, cost,
            keys_forgotten)
        VALUES ('old', 1, 'alice', 'pending', 'builtin/rules', 'simulated', 'add', 1.5, 0, 0)
        """,
        database,
    )
    store = make_store()
    store.open()
    page = store.tasks(TaskFilter(owner="alice"), TaskOrder.CREATED, descending=True, limit=10)
    assert [(task.task_id, task.created_at) for task in page.tasks] == [("old", 1.5)]
    versions = postgres_server.run("SELECT version FROM versions ORDER BY version", database)
    assert versions == [(step.version,) for step in migrations("postgres")]


def test_a_database_is_opened_again_with_all_that_is_in_it(store, make_store):
    store.write(accepted(1))
    store.close()
    again = make_store()
    again.open()
    assert again.task("task-1") is not None


@pytest.mark.parametrize("may_create", [True, False])
def test_texts_are_found_whether_or_not_the_server_has_an_index_for_them(postgres_server, may_create):
    postgres_server.run("CREATE ROLE agent LOGIN")
    database = postgres_server.create_database()
    postgres_server.run("GRANT ALL ON SCHEMA public TO agent", database)
    if may_create:
        postgres_server.run(f"GRANT CREATE ON DATABASE {database} TO agent")
    store = PostgresStore(Secret(postgres_server.connection_string(database).replace("//postgres@", "//agent@")))
    store.open()
    try:
        store.write([*accepted(1, "Öffne 100% der_Tür"), *accepted(2, "close the window")])
        for text, found in {"öff": 1, "ÖFFNE": 1, "0%": 1, "%": 1, "_": 1, "r_t": 1, "rxt": 0, "\\": 0, "o": 1}.items():
            page = store.tasks(TaskFilter(text=text), TaskOrder.CREATED, descending=True, limit=10)
            assert (text, len(page.tasks)) == (text, found)
        indexes = postgres_server.run("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_text'", database)
        assert indexes == [(int(may_create),)]
    finally:
        store.close()
        postgres_server.run("DROP OWNED BY agent CASCADE", database)
        postgres_server.run(f"REVOKE ALL ON DATABASE {database} FROM agent")
        postgres_server.run("DROP ROLE agent")


def test_the_index_for_texts_is_made_when_an_administrator_has_added_the_extension(
    make_store, postgres_server, database
):
    store = make_store()
    store.open()
    store.close()
    postgres_server.run("DROP INDEX by_text", database)
    again = make_store()
    again.open()
    assert postgres_server.run("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_text'", database) == [(1,)]


def test_a_closed_store_leaves_no_connection_and_no_file(make_store, open_files, postgres_server, database):
    before = open_files(), threading.active_count()
    store = make_store()
    store.open()
    store.unfinished()
    store.close()
    store.close()
    assert (open_files(), threading.active_count()) == before
