"""A scheduler that lives inside an ordinary Postgres."""
