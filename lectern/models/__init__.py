"""The tables: columns, constraints and relationships, no behaviour."""

from lectern.models.base import Base, new_id
from lectern.models.batches import Batch, BatchItem, BatchState, ItemState, Selection
from lectern.models.captions import CaptionEdit, CaptionTrack, GlossaryTerm, Transcript
from lectern.models.courses import Chapter, Course, Lesson, Usage, UsageHistory
from lectern.models.custom import CustomField, FieldType
from lectern.models.duplicates import Difference, Merge, MergedAsset
from lectern.models.fingerprints import Fingerprint, FingerprintBand, NearPair
from lectern.models.imports import ExchangeFile, ImportItem, LegacyFile
from lectern.models.library import (
    Asset,
    AssetState,
    AssetTag,
    Blob,
    Folder,
    Kind,
    Rendition,
    Tag,
    Version,
)
from lectern.models.listing import AssetText, CodeDelta, DigestCount, Listing, Vocabulary
from lectern.models.notices import Notice
from lectern.models.people import (
    Attempt,
    Member,
    Role,
    SetupLink,
    SignIn,
    Token,
    User,
    Workspace,
)
from lectern.models.pictures import StillRequest
from lectern.models.purging import BLOB_REF, Collection, Tombstone
from lectern.models.saved import SavedSearch
from lectern.models.schedules import ScheduledSwitch, StorageCount, SwitchState
from lectern.models.slides import AssetSaid, Said, Slide
from lectern.models.streams import StreamPlan
from lectern.models.work import (
    AuditEntry,
    IdempotentReply,
    Step,
    Task,
    TaskState,
    Upload,
    UploadState,
)

__all__ = [
    "BLOB_REF",
    "Asset",
    "AssetSaid",
    "AssetState",
    "AssetTag",
    "AssetText",
    "Attempt",
    "AuditEntry",
    "Base",
    "Batch",
    "BatchItem",
    "BatchState",
    "Blob",
    "CaptionEdit",
    "CaptionTrack",
    "Chapter",
    "CodeDelta",
    "Collection",
    "Course",
    "CustomField",
    "Difference",
    "DigestCount",
    "ExchangeFile",
    "FieldType",
    "Fingerprint",
    "FingerprintBand",
    "Folder",
    "GlossaryTerm",
    "IdempotentReply",
    "ImportItem",
    "ItemState",
    "Kind",
    "LegacyFile",
    "Lesson",
    "Listing",
    "Member",
    "Merge",
    "MergedAsset",
    "NearPair",
    "Notice",
    "Rendition",
    "Role",
    "Said",
    "SavedSearch",
    "ScheduledSwitch",
    "Selection",
    "SetupLink",
    "SignIn",
    "Slide",
    "Step",
    "StillRequest",
    "StorageCount",
    "StreamPlan",
    "SwitchState",
    "Tag",
    "Task",
    "TaskState",
    "Token",
    "Tombstone",
    "Transcript",
    "Upload",
    "UploadState",
    "Usage",
    "UsageHistory",
    "User",
    "Version",
    "Vocabulary",
    "Workspace",
    "new_id",
]
