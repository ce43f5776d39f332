"""A chat template, and changes to it that would make a served model worse than the trained one."""

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)

REFUSING = "{{ raise_exception('no system turns') }}"

CHANGED = {
    "start twice": TEMPLATE.replace("{{ bos_token }}", "{{ bos_token }}{{ bos_token }}"),
    "a blank more": TEMPLATE.replace("{% if add", "{{ ' ' }}{% if add"),
    "no end of turn": TEMPLATE.replace("message['content'] + eos_token", "message['content']"),
}
