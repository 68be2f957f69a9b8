"""Tasks as folders under version control: what the files hold, and how the database compares."""
