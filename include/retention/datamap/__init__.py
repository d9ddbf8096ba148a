"""Where the data lives: places, connections, and the SQL that reads their facts."""
