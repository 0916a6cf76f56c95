"""All that speaks DataCite: records in both directions, public records, the account."""
