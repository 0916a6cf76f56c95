"""The rules, the ledger, and the backends that mint."""
