#@title Make this Python ready: run this cell first
COURSE = ""  # where Colab fetches the workbook, the address of a zip file; a course that uses Colab fills it in

try:
    import workbook
except ImportError:  # on Colab, or wherever the workbook is not installed: use the folder that this notebook lies in, or fetch it
    import io
    import sys
    import urllib.request
    import zipfile
    from pathlib import Path

    def library():
        """The folder that holds the library: above this notebook, or fetched; None where there is none."""
        fetched = Path.cwd() / "fetched-workbook"
        places = (Path.cwd(), *Path.cwd().parents, fetched, *fetched.glob("*"))
        return next((place for place in places if (place / "workbook" / "ready.py").exists()), None)

    if COURSE and library() is None:
        try:
            zipfile.ZipFile(io.BytesIO(urllib.request.urlopen(COURSE).read())).extractall("fetched-workbook")
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise RuntimeError(f"The workbook could not be fetched from {COURSE} ({error}). Look at the connection, then run this cell again.") from None
    if library() is None:
        raise RuntimeError("The folder workbook/ is not here. Unpack the course's bundle, open this notebook inside of it, and run this cell again.") from None
    sys.path.insert(0, str(library()))
