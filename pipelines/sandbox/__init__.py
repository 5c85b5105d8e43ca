"""The sandbox: one fictional company, seeded and deterministic, in front of strict twins of every system it uses.

`company` is the company and its history, `truth` what a ledger of it must say, `server` the twins on loopback, `running` how tests and
tools start it. What the company's people ask of an ERP is `books.Books`; each ERP fulfils it in one module over its twin.
"""
