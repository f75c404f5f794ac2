"""nbgrader's configuration for a course folder."""

from pathlib import Path

from traitlets.config import Config

from autograder.database import gradebook_url

STEPS = "autograder.nbgrader_steps"


def configure(config: Config, course: Path) -> Config:
    """Set the course's folders and replace the steps that would run or believe a student's code."""
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.course_id = "from-bottleneck-to-noise"
    if (url := gradebook_url()) is not None:
        config.CourseDirectory.db_url = url
    config.Exchange.root = str(course / "exchange")  # on a server of many users: a folder that all may write to, set in nbgrader_config.py
    config.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
    config.ClearSolutions.text_stub = "*Your answer here.*"
    config.Autograde.exporter_class = f"{STEPS}.opening.OpenSubmission"
    config.Autograde.sanitize_preprocessors = [
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.DeduplicateIds",
        "nbgrader.preprocessors.OverwriteKernelspec",
        f"{STEPS}.foreign.OverwriteForeignCells",
        f"{STEPS}.foreign.CheckForeignMetadata",
    ]
    config.Autograde.autograde_preprocessors = [
        f"{STEPS}.judging.JudgeSubmission",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        f"{STEPS}.saving.SaveVerdicts",
        "nbgrader.preprocessors.AssignLatePenalties",
        f"{STEPS}.foreign.CheckForeignMetadata",
    ]
    config.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        f"{STEPS}.cleaning.CleanText",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    config.AssignLatePenalties.plugin_class = f"{STEPS}.lateness.LateRule"
    config.ExportApp.plugin_class = f"{STEPS}.exporting.SafeCsv"
    config.TemplateExporter.filters = {"markdown2html": f"{STEPS}.cleaning.markdown_to_html"}  # formgrader's pages too
    config.ClearMetadataPreprocessor.enabled = True
    config.ClearMetadataPreprocessor.preserve_cell_metadata_mask = [("nbgrader",), ("deletable",), ("editable",)]
    config.ClearMetadataPreprocessor.preserve_nb_metadata_mask = [("kernelspec",), ("language_info",)]
    return config


def has_own_steps(config: Config) -> bool:
    """Whether an instructor has put something else into nbgrader's autograde step than `configure` does: other steps, hooks, or metadata to keep."""
    return _differs(config, "Autograde", {"exclude_overwriting"}) or _differs(config, "ClearMetadataPreprocessor", set())


def feedback_has_own_steps(config: Config) -> bool:
    """The same of its feedback step; a template of one's own counts too."""
    return _differs(config, "GenerateFeedback", set()) or bool(set(config.HTMLExporter) - {"template_name"})


def _differs(config: Config, step: str, free: set[str]) -> bool:
    ours, theirs = configure(Config(), Path())[step], config[step]
    return any(theirs[name] != ours.get(name) for name in theirs if name not in free) or "BaseConverter" in config
