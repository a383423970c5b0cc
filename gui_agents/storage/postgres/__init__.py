"""The store in a PostgreSQL database, over psycopg."""
