"""An institution's service: researchers mint as themselves, the library keeps the DataCite account.

`hubdoi gateway serve` starts it; see `hubdoi.gateway.serve`.
"""
