using Control = global::Inference.ModelSequenceBatching.Types.Control;
using Kind = global::Inference.ModelSequenceBatching.Types.Control.Types.Kind;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>A control input tells one thing, in values of one type, and no two tell the same.</summary>
internal sealed class SequenceControlRule : IConfigRule
{
    private const string FlagSuggestion = "write for example int32_false_true: [ 0, 1 ]";

    public void Check(RuleContext context)
    {
        var inputs = context.Message.SequenceBatching?.ControlInput ?? [];
        var kinds = new Dictionary<Kind, string>();
        for (var i = 0; i < inputs.Count; i++)
        {
            var path = DeclaredTensor.PathOf("sequence_batching.control_input", i);
            var words = inputs[i].Name.Length > 0 ? $"control input '{inputs[i].Name}'" : path;
            if (inputs[i].Name.Length == 0)
            {
                context.Error($"{path}.name", $"{path} has no name", "write name: \"...\", as the model calls the input");
            }

            if (inputs[i].Control.Count != 1)
            {
                context.Error(
                    $"{path}.control",
                    FormattableString.Invariant($"{words} must have one control, since its elements tell one thing, found {inputs[i].Control.Count}"),
                    "write for example control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] }");
            }

            for (var j = 0; j < inputs[i].Control.Count; j++)
            {
                var place = DeclaredTensor.PathOf($"{path}.control", j);
                CheckKind(context, kinds, inputs[i].Control[j].Kind, place, words);
                CheckValues(context, inputs[i].Control[j], place, words);
            }
        }
    }

    private static void CheckKind(RuleContext context, Dictionary<Kind, string> kinds, Kind kind, string path, string words)
    {
        if (!kinds.TryAdd(kind, path))
        {
            var at = context.Positions.Find(kinds[kind]);
            context.Error($"{path}.kind", FormattableString.Invariant($"{words} tells {DeclaredSequenceTensors.NameOf(kind)}, and so does the control at {at.Line}:{at.Column}"), "leave out one of them");
        }
    }

    private static void CheckValues(RuleContext context, Control control, string path, string words)
    {
        (string Field, int Count)[] lists = [("int32_false_true", control.Int32FalseTrue.Count), ("fp32_false_true", control.Fp32FalseTrue.Count), ("bool_false_true", control.BoolFalseTrue.Count)];
        (string Field, int Count)[] given = [.. lists.Where(static list => list.Count > 0)];
        if (control.Kind == Kind.ControlSequenceCorrid)
        {
            foreach (var (field, _) in given)
            {
                context.Error($"{path}.{field}", $"{words} tells {DeclaredSequenceTensors.NameOf(control.Kind)}, which is the id itself and has no {field}", $"leave out {field}");
            }

            if (!DeclaredSequenceTensors.IsIdType(control.DataType))
            {
                context.Error(
                    $"{path}.data_type",
                    $"{words} tells {DeclaredSequenceTensors.NameOf(control.Kind)} and must have a data_type, one of {DeclaredSequenceTensors.IdTypes}, found {DeclaredSequenceTensors.NameOf(control.DataType)}",
                    "write for example data_type: TYPE_UINT64");
            }

            return;
        }

        if (control.DataType != global::Inference.DataType.TypeInvalid)
        {
            context.Error(
                $"{path}.data_type",
                $"{words} tells {DeclaredSequenceTensors.NameOf(control.Kind)}, whose type is that of its values: data_type is for CONTROL_SEQUENCE_CORRID alone, found {DeclaredSequenceTensors.NameOf(control.DataType)}",
                "leave out data_type");
        }

        if (given.Length != 1)
        {
            var found = given.Length == 0 ? "none of them" : string.Join(" and ", given.Select(static list => list.Field));
            context.Error(path, $"{words} must specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true' for {DeclaredSequenceTensors.NameOf(control.Kind)}, found {found}", FlagSuggestion);
        }

        foreach (var (field, count) in given.Where(static list => list.Count != 2))
        {
            context.Error($"{path}.{field}", FormattableString.Invariant($"{field} of {words} must have two values, for no and for yes, found {count}"), FlagSuggestion);
        }
    }
}
