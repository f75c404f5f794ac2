# For graders on any machine with a container engine. The sandbox makes namespaces of its own inside the container:
#   docker build -t autograder .
#   docker run --rm --security-opt seccomp=unconfined --security-opt systempaths=unconfined -v "$PWD/course:/course" autograder course grade 03_vae --course /course
# Without those two options the grader refuses and says so, rather than run students' code unprotected.
FROM python:3.11-slim
ENV OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1
WORKDIR /workbook
RUN pip install --no-cache-dir torch==2.13.0
COPY pyproject.toml README.md LICENSE LICENSE-prose nbgrader_config.py ./
COPY workbook workbook
COPY autograder autograder
COPY solutions solutions
COPY lectures lectures
RUN pip install --no-cache-dir --editable ".[grader,cluster]" && useradd --create-home grader
USER grader
ENTRYPOINT ["autograder"]
CMD ["doctor"]
