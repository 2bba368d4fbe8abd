"""A course as another program declares it."""

COURSES = "/api/v1/courses"
BIOLOGY = {
    "title": "Biology",
    "chapters": [
        {
            "ref": "c1",
            "title": "Cells",
            "lessons": [{"ref": "l1", "title": "Walls"}, {"ref": "l2", "title": "Cores"}],
        },
        {"ref": "c2", "title": "Plants", "lessons": []},
    ],
}
