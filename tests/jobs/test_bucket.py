"""Workers whose files lie in a bucket: the same way of a file, by working copies."""

from pathlib import Path

import pytest

from jobs import enqueue
from lectern.models import AssetState, UploadState
from tests.jobs.conftest import House, again, asset_of, task_of, upload, wait_until
from tests.lectern.storage import b2_fake


@pytest.mark.parametrize("faults", [0, 3], ids=["well", "with faults"])
def test_a_clip_becomes_ready_with_its_bytes_in_the_bucket(
    house: House, clip: Path, faults: int
) -> None:
    with b2_fake.serving() as fake:
        for operation in ("upload_file", "upload_part", "download"):
            fake.fail(operation, "503", times=faults)
        place = {
            "LECTERN_STORAGE_URL": f"b2+{fake.url}/{b2_fake.BUCKET}",
            "LECTERN_B2_KEY_ID": b2_fake.KEY_ID,
            "LECTERN_B2_KEY": b2_fake.KEY,
        }
        house.worker("probe", **place)
        house.worker("media", **place)
        sent = upload(house, clip)
        enqueue.notify([task_of(sent)])
        wait_until(lambda: again(sent).state == UploadState.DONE)
        wait_until(lambda: asset_of(sent).state == AssetState.READY)
        assert clip.read_bytes() in fake.stored().values()
        # The original, what plays, and at least one poster.
        assert len(fake.stored()) >= 3
        assert fake.unfinished() == []
        assert not fake.faults
        house.stop()
    assert not (house.settings.data / "storage").exists()
    assert not list(house.settings.scratch.glob("*"))
    # Two steps read the original; it was kept after the first and no private copy was left.
    names = [path.name for path in (house.settings.data / "cache").iterdir()]
    assert len(names) == 1
    assert not names[0].startswith(".")
