"""What must go, when and why: promises, rules and decide(). Pure; knows no store and no Airflow."""
