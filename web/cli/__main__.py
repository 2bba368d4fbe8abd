"""`python -m web.cli`: where the launcher hands over."""

from web.cli.main import run

if __name__ == "__main__":
    run()
