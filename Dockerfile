# The machine that grades, for any container engine. The sandbox makes namespaces of its own inside the container, which engines forbid by default:
#   docker build -t autograder .
#   docker run --rm --security-opt seccomp=unconfined --security-opt systempaths=unconfined --security-opt apparmor=unconfined \
#     -v "$PWD/course:/course" autograder course grade 03_vae --course /course
# Without these options the grader refuses and says so, rather than run students' code unprotected. The course's folder must be writable for user 1000.
# On Kubernetes: deploy/kubernetes.yaml.
ARG BASE=python:3.11-slim
FROM ${BASE}
# torch for the CPU only: without it the image is several times as large
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1
WORKDIR /workbook
RUN pip install --no-cache-dir --index-url ${TORCH_INDEX} torch==2.13.0
COPY pyproject.toml README.md LICENSE LICENSE-prose nbgrader_config.py ./
COPY workbook workbook
COPY autograder autograder
COPY solutions solutions
COPY lectures lectures
RUN pip install --no-cache-dir --editable ".[grader,cluster,postgres]" && useradd --create-home --uid 1000 grader
# by number, so that Kubernetes can tell that it is not root
USER 1000
ENTRYPOINT ["autograder"]
CMD ["doctor"]
