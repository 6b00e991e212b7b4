"""The counsellors' site: its own process and port. Never sees an address; meets the gateway in the database only."""
