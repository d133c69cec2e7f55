"""The catalogue: list, page, forms, and what goes with what."""

import copy
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from common.access import requires
from common.errors import DomainError
from common.htmx import render_page
from crm import permissions
from crm.forms.products import CatalogueFilter, LinkForm, ProductForm
from crm.models import Product
from crm.queries import catalogue
from crm.requests import SignedInRequest
from crm.services import products
from crm.views.submitting import submit_changes


@require_GET
@requires(permissions.VIEW_PRODUCTS)
def product_list(request: SignedInRequest) -> HttpResponse:
    form = CatalogueFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    context = {
        "form": form,
        "is_filtered": any(wanted.values()),
        "page": catalogue.product_page(cursor=request.GET.get("cursor", ""), **wanted),
        "can_create": request.user.has_perm(permissions.CHANGE_PRODUCTS),
    }
    return render_page(
        request,
        "crm/products/list.html",
        fragment="crm/products/_list.html",
        context=context,
    )


@require_GET
@requires(permissions.VIEW_PRODUCTS)
def product_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    product = get_object_or_404(Product.objects.select_related("upgrade_to"), pk=pk)
    context = {
        "product": product,
        "unit_margin": catalogue.unit_margin(product),
        "owners": catalogue.owners(product, request.user),
        "complements": catalogue.complements(product),
        "upgrades_from": product.upgrades_from.order_by("name", "pk"),
        "page": catalogue.owning_accounts(
            product, request.user, cursor=request.GET.get("cursor", "")
        ),
        "form": LinkForm(product=product),
        "can_edit": request.user.has_perm(permissions.CHANGE_PRODUCTS),
        "can_link": request.user.has_perm(permissions.CHANGE_CATALOGUES),
    }
    return render_page(
        request,
        "crm/products/detail.html",
        fragment="crm/products/_owners.html",
        context=context,
    )


@require_GET
@requires(permissions.VIEW_PRODUCTS)
def product_together(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what is bought together with a product and is no complement yet."""
    product = get_object_or_404(Product, pk=pk)
    context = {
        "product": product,
        "together": catalogue.bought_together(product),
        "can_link": request.user.has_perm(permissions.CHANGE_CATALOGUES),
    }
    return render(request, "crm/products/_together.html", context)


@require_POST
@requires(permissions.CHANGE_CATALOGUES)
def product_link(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what goes with a product."""
    product = get_object_or_404(Product, pk=pk)
    form = LinkForm(request.POST, product=product)
    if not form.is_valid():
        messages.error(request, "Choose a product that is not linked yet.")
        return redirect("crm:product_detail", pk)
    other = form.cleaned_data["other"]
    try:
        products.link_products(
            actor=request.user,
            product=product,
            other=other,
            reason=form.cleaned_data["reason"],
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{other} goes with it.")
    return redirect("crm:product_detail", pk)


@require_POST
@requires(permissions.CHANGE_CATALOGUES)
def product_unlink(request: SignedInRequest, pk: int, other: int) -> HttpResponse:
    product = get_object_or_404(Product, pk=pk)
    linked = get_object_or_404(Product, pk=other)
    try:
        products.unlink_products(actor=request.user, product=product, other=linked)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{linked} does not go with it any more.")
    return redirect("crm:product_detail", pk)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_PRODUCTS)
def product_create(request: SignedInRequest) -> HttpResponse:
    form = ProductForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = products.create_product(actor=request.user, **form.values())
        except DomainError as error:
            form.add_error(error.field or None, error.message)
        else:
            return redirect("crm:product_detail", made.pk)
    context: dict[str, Any] = {"form": form, "product": None, "differences": []}
    status = 422 if form.errors else 200
    return render(request, "crm/products/form.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(permissions.CHANGE_PRODUCTS)
def product_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    product = get_object_or_404(Product, pk=pk)
    form = ProductForm(request.POST or None, instance=copy.copy(product))
    submitted = submit_changes(request, form, products.change_product, product=product)
    if submitted.is_kept:
        return redirect("crm:product_detail", pk)
    context = {"form": form, "product": product, "differences": submitted.differences}
    return render(request, "crm/products/form.html", context, status=submitted.status)
