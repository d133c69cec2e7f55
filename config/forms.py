"""How every form looks: one template per field, labels and errors tied to inputs."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    form_template_name = "common/form.html"
    field_template_name = "common/field.html"
