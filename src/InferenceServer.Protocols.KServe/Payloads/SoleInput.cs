using System.Diagnostics.CodeAnalysis;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>Finds the input that a payload without names means.</summary>
internal static class SoleInput
{
    /// <summary>The only input that a request must give, or the only one that there is.</summary>
    /// <returns>False when more than one could be meant.</returns>
    public static bool TryFind(ModelConfig model, [NotNullWhen(true)] out ModelTensor? input)
    {
        input = null;
        var required = 0;
        foreach (var candidate in model.Inputs)
        {
            if (!candidate.IsOptional)
            {
                input = candidate;
                required++;
            }
        }

        if (required == 0 && model.Inputs.Length == 1)
        {
            input = model.Inputs[0];
            return true;
        }

        return required == 1 && input is not null;
    }
}
