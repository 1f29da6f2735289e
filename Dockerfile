# Rainbarrel in a container. With its own PostgreSQL inside:
#   docker build -t rainbarrel .
#   docker run --init -p 127.0.0.1:4317:4317 -p 127.0.0.1:4318:4318 -v rainbarrel:/var/lib/rainbarrel rainbarrel

FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/rainbarrel \
    && if [ -f requirements.lock ]; then constraints="--constraint requirements.lock"; fi \
    && /opt/rainbarrel/bin/pip install --no-cache-dir $constraints .

FROM python:3.12-slim
COPY --from=build /opt/rainbarrel /opt/rainbarrel
# An ordinary user: PostgreSQL refuses to run as root, and Rainbarrel needs no rights either.
RUN useradd --system --home-dir /var/lib/rainbarrel rainbarrel \
    && install --directory --owner=rainbarrel --group=rainbarrel --mode=0700 /var/lib/rainbarrel
USER rainbarrel
ENV PATH=/opt/rainbarrel/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RAINBARREL_DATA_DIR=/var/lib/rainbarrel
VOLUME /var/lib/rainbarrel
EXPOSE 4317 4318
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:4318/readyz', timeout=4)"]
ENTRYPOINT ["rainbarrel"]
# All addresses *of the container*, because a published port arrives from outside of it; --insecure, because the port is
# published on 127.0.0.1 alone. To publish it further, run `serve --host 0.0.0.0`, which needs access keys.
CMD ["serve", "--host", "0.0.0.0", "--insecure"]
