using System.Globalization;

namespace InferenceServer.Backends.LightGbm.Text;

/// <summary>Reads what a model was trained for, such as <c>binary sigmoid:1</c> or <c>multiclass num_class:3</c>.</summary>
internal static class ObjectiveText
{
    private const string Classes = "num_class:";

    private static readonly string[] s_ofProbabilities = ["binary", "multiclass", "multiclassova", "cross_entropy"];

    /// <summary>True when the objective makes probabilities of the sum of the trees.</summary>
    /// <exception cref="TextFault">It names another number of classes than the model has: the library would write results for that many.</exception>
    public static bool GivesProbabilities(string objective, int classes)
    {
        var words = objective.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var isMultiClass = words is ["multiclass" or "multiclassova", ..];
        var named = words.Where(static word => word.StartsWith(Classes, StringComparison.Ordinal)).ToArray();
        if (isMultiClass && (named is not [var only] || only != Classes + classes.ToString(CultureInfo.InvariantCulture)))
        {
            throw new TextFault($"the field 'objective' of the head: expected {Classes}{classes}, as the field 'num_class' says, got '{objective}'");
        }

        return words is [var name, ..] && s_ofProbabilities.Contains(name);
    }
}
