"""The network and its AC power flow."""
