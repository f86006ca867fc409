package trial

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lockstep-dev/terraform-provider-trial/cloud"
)

// common is what every resource has.
type common struct {
	ID       types.String `tfsdk:"id"`
	Name     types.String `tfsdk:"name"`
	Revision types.Int64  `tfsdk:"revision"`
	Faults   types.List   `tfsdk:"faults"`
}

func (c *common) shared() *common { return c }

// model is a resource's arguments and attributes.
type model interface {
	shared() *common
	// wish is what the cloud is to keep of the model.
	wish() any
	// take fills the model from what the cloud keeps.
	take(o cloud.Object) error
}

// thing is the one implementation of all resources; M differs.
type thing[M any, P interface {
	*M
	model
}] struct {
	kind   string
	schema schema.Schema
	unique bool                     // names are unique in the cloud
	forbid func(cloud.Object) error // may refuse a delete
	// extra adds what is in the configuration alone: write-only arguments.
	extra func(ctx context.Context, config configReader, m *M) diag.Diagnostics

	cloud *cloud.Cloud
}

// configReader reads single arguments of the configuration.
type configReader interface {
	GetAttribute(ctx context.Context, path path.Path, target any) diag.Diagnostics
}

func (t *thing[M, P]) Metadata(_ context.Context, request resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_" + t.kind
}

func (t *thing[M, P]) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema = t.schema
}

func (t *thing[M, P]) Configure(_ context.Context, request resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if c, ok := request.ProviderData.(*cloud.Cloud); ok {
		t.cloud = c
	}
}

func (t *thing[M, P]) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), request, response)
}

func (t *thing[M, P]) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var m M
	response.Diagnostics.Append(request.Plan.Get(ctx, &m)...)
	wish := t.wish(ctx, request.Config, &m, &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	o, err := t.cloud.Create(ctx, t.kind, P(&m).shared().Name.ValueString(), wish)
	if o.ID != "" && !errors.Is(err, cloud.ErrLost) {
		// A state beside an error makes the object tainted.
		fill(P(&m), o, &response.Diagnostics)
		response.Diagnostics.Append(response.State.Set(ctx, &m)...)
	}
	report(&response.Diagnostics, "create", t.kind, err)
}

func (t *thing[M, P]) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var m M
	response.Diagnostics.Append(request.State.Get(ctx, &m)...)
	faults := faultsOf(ctx, P(&m).shared().Faults, &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	o, err := t.cloud.Read(ctx, t.kind, P(&m).shared().ID.ValueString(), faults)
	if errors.Is(err, cloud.ErrGone) {
		response.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		report(&response.Diagnostics, "read", t.kind, err)
		return
	}
	fill(P(&m), o, &response.Diagnostics)
	response.Diagnostics.Append(response.State.Set(ctx, &m)...)
}

func (t *thing[M, P]) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var m M
	response.Diagnostics.Append(request.Plan.Get(ctx, &m)...)
	wish := t.wish(ctx, request.Config, &m, &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	o, err := t.cloud.Update(ctx, t.kind, P(&m).shared().ID.ValueString(), wish)
	if o.ID != "" && !errors.Is(err, cloud.ErrLost) {
		fill(P(&m), o, &response.Diagnostics)
		response.Diagnostics.Append(response.State.Set(ctx, &m)...)
	}
	report(&response.Diagnostics, "update", t.kind, err)
}

func (t *thing[M, P]) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var m M
	response.Diagnostics.Append(request.State.Get(ctx, &m)...)
	faults := faultsOf(ctx, P(&m).shared().Faults, &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	err := t.cloud.Delete(ctx, t.kind, P(&m).shared().ID.ValueString(), faults, t.forbid)
	report(&response.Diagnostics, "delete", t.kind, err)
}

// ModifyPlan changes nothing: it is where planning can go wrong.
func (t *thing[M, P]) ModifyPlan(ctx context.Context, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	if t.cloud == nil || request.Plan.Raw.IsNull() {
		return
	}
	var m M
	response.Diagnostics.Append(request.Plan.Get(ctx, &m)...)
	if response.Diagnostics.HasError() {
		return
	}
	c := P(&m).shared()
	faults := faultsOf(ctx, c.Faults, &response.Diagnostics)
	report(&response.Diagnostics, "plan", t.kind, t.cloud.Planned(ctx, t.kind, c.ID.ValueString(), c.Name.ValueString(), faults))
}

func (t *thing[M, P]) wish(ctx context.Context, config configReader, m *M, diagnostics *diag.Diagnostics) cloud.Wish {
	if t.extra != nil {
		diagnostics.Append(t.extra(ctx, config, m)...)
	}
	return cloud.Wish{
		Attributes: P(m).wish(), Unique: t.unique,
		Faults: faultsOf(ctx, P(m).shared().Faults, diagnostics),
	}
}

// fill takes an object over into a model.
func fill(m model, o cloud.Object, diagnostics *diag.Diagnostics) {
	c := m.shared()
	c.ID, c.Name, c.Revision = types.StringValue(o.ID), types.StringValue(o.Name), types.Int64Value(o.Revision)
	if err := m.take(o); err != nil {
		diagnostics.AddError("the object in the cloud is not what it should be", err.Error())
	}
}

func report(diagnostics *diag.Diagnostics, verb, kind string, err error) {
	if err != nil {
		diagnostics.AddError("cannot "+verb+" "+kind, err.Error())
	}
}
