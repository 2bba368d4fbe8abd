"""The tables: columns, constraints and relationships, no behaviour."""

from lectern.models.base import Base, new_id
from lectern.models.courses import Chapter, Course, Lesson, Usage, UsageHistory
from lectern.models.custom import CustomField, FieldType
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
    "Asset",
    "AssetState",
    "AssetTag",
    "Attempt",
    "AuditEntry",
    "Base",
    "Blob",
    "Chapter",
    "Course",
    "CustomField",
    "FieldType",
    "Folder",
    "IdempotentReply",
    "Kind",
    "Lesson",
    "Member",
    "Rendition",
    "Role",
    "SetupLink",
    "SignIn",
    "Step",
    "Tag",
    "Task",
    "TaskState",
    "Token",
    "Upload",
    "UploadState",
    "Usage",
    "UsageHistory",
    "User",
    "Version",
    "Workspace",
    "new_id",
]
