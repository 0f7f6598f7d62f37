from gisplan.store.connection import connect
from gisplan.store.migrate import find_schema_number, load_migrations, migrate

def test_a(database_url):
    assert find_schema_number(database_url) == 2
def test_b(database_url_empty):
    assert migrate(database_url_empty) == (1, 2)
    assert migrate(database_url_empty) == ()
