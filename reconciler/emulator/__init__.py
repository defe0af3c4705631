"""Emulator: a local API that keeps the real one's promises, in process or on a port.

The door of starlette, uvicorn and sqlite3; imports nothing else of the package.
"""
