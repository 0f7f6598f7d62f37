"""From an application to ranked options with their reasons; pure."""
