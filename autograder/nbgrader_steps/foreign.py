"""Steps of nbgrader that only an assignment of the instructor's own, without a source here, still needs: ours are made whole when they are opened."""

from nbgrader.preprocessors import CheckCellMetadata, OverwriteCells

from autograder.places import Places


def _ours(resources) -> bool:
    return Places.here().source(resources["nbgrader"]["assignment"]).exists()


class OverwriteForeignCells(OverwriteCells):
    """OverwriteCells for assignments without a source here."""

    def preprocess(self, nb, resources):
        """Leave our own notebooks as they were opened."""
        return (nb, resources) if _ours(resources) else super().preprocess(nb, resources)


class CheckForeignMetadata(CheckCellMetadata):
    """CheckCellMetadata for assignments without a source here."""

    def preprocess(self, nb, resources):
        """Leave our own notebooks unchecked: their marks come from the source."""
        return (nb, resources) if _ours(resources) else super().preprocess(nb, resources)
