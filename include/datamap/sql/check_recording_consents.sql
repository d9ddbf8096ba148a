-- placeholder: written by the verification engineer
SELECT 1
