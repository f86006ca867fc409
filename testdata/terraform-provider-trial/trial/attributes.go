package trial

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lockstep-dev/terraform-provider-trial/cloud"
)

// withCommon adds what every resource has.
func withCommon(own map[string]schema.Attribute) schema.Schema {
	all := map[string]schema.Attribute{
		"id":       steady("Chosen by the cloud; imports go by it."),
		"name":     schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
		"revision": schema.Int64Attribute{Computed: true, Description: "1, and one more with each update."},
		"faults":   faultsAttribute(),
	}
	maps.Copy(all, own)
	return schema.Schema{Attributes: all}
}

// steady is computed once and stays.
func steady(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Computed: true, Description: description,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// follows keeps a computed attribute as it is for as long as other arguments
// stay as they are.
type follows struct{ others []string }

func (follows) Description(context.Context) string {
	return "known as long as what it follows from stays"
}

func (f follows) MarkdownDescription(ctx context.Context) string { return f.Description(ctx) }

func (f follows) PlanModifyString(ctx context.Context, request planmodifier.StringRequest, response *planmodifier.StringResponse) {
	if request.StateValue.IsNull() || !request.PlanValue.IsUnknown() {
		return
	}
	for _, name := range f.others {
		var was, will attr.Value
		response.Diagnostics.Append(request.State.GetAttribute(ctx, path.Root(name), &was)...)
		response.Diagnostics.Append(request.Plan.GetAttribute(ctx, path.Root(name), &will)...)
		if response.Diagnostics.HasError() || !was.Equal(will) {
			return
		}
	}
	response.PlanValue = request.StateValue
}

func faultsAttribute() schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Optional:    true,
		Description: "What goes wrong with this resource. A change of it is an update in place, and strikes already.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"verb":       schema.StringAttribute{Optional: true},
			"at":         schema.StringAttribute{Optional: true},
			"delay":      schema.StringAttribute{Optional: true},
			"hang_until": schema.StringAttribute{Optional: true},
			"stubborn":   schema.BoolAttribute{Optional: true},
			"crash":      schema.BoolAttribute{Optional: true},
			"error":      schema.StringAttribute{Optional: true},
			"lose_id":    schema.BoolAttribute{Optional: true},
		}},
	}
}

type faultModel struct {
	Verb      types.String `tfsdk:"verb"`
	At        types.String `tfsdk:"at"`
	Delay     types.String `tfsdk:"delay"`
	HangUntil types.String `tfsdk:"hang_until"`
	Stubborn  types.Bool   `tfsdk:"stubborn"`
	Crash     types.Bool   `tfsdk:"crash"`
	Error     types.String `tfsdk:"error"`
	LoseID    types.Bool   `tfsdk:"lose_id"`
}

func faultsOf(ctx context.Context, list types.List, diagnostics *diag.Diagnostics) []cloud.Fault {
	if list.IsNull() || list.IsUnknown() {
		return nil
	}
	var models []faultModel
	diagnostics.Append(list.ElementsAs(ctx, &models, false)...)
	var all []cloud.Fault
	for _, m := range models {
		all = append(all, cloud.Fault{
			Verb: m.Verb.ValueString(), At: m.At.ValueString(), Delay: m.Delay.ValueString(), HangUntil: m.HangUntil.ValueString(),
			Stubborn: m.Stubborn.ValueBool(), Crash: m.Crash.ValueBool(), Error: m.Error.ValueString(), LoseID: m.LoseID.ValueBool(),
		})
	}
	return all
}
