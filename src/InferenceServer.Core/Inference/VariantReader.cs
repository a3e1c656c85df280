using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Core.Inference;

/// <summary>Reads which variants of a model a request chooses.</summary>
internal static class VariantReader
{
    /// <summary>Reads.</summary>
    /// <param name="request">The request.</param>
    /// <param name="variants">The variants that the model has.</param>
    /// <param name="chosen">The names in their order, once each: equal for requests that choose the same. Null for none.</param>
    public static InferenceError? Read(InferenceRequest request, RequestVariants variants, out string? chosen)
    {
        chosen = null;
        if (!request.HasParameters || !request.Parameters.TryGetValue(variants.Parameter, out var value))
        {
            return null;
        }

        // What a request says is said to every step of an ensemble: it is meant for those that have variants.
        if (variants.Names.Count == 0 && request.IsStep)
        {
            return null;
        }

        if (!value.TryGetString(out var text))
        {
            return InferenceErrors.VariantNotText(request, variants, value);
        }

        var names = text.Split(RequestVariants.Separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in names)
        {
            if (!variants.Names.Contains(name))
            {
                return InferenceErrors.UnknownVariant(request, variants, name);
            }
        }

        chosen = names switch
        {
            [] => null,
            [var one] => one,
            _ => string.Join(RequestVariants.Separator, names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)),
        };
        return null;
    }
}
