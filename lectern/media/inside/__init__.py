"""The part that runs in the sandbox, confined, and alone opens user bytes.

Each module here is one task: `perform(arguments, tell)` returns plain JSON values, calls
`tell(share)` with its progress from 0 to 1, and raises `Refused` with the sender's sentence.
"""
