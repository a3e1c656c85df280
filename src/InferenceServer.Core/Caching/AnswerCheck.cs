using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Caching;

/// <summary>Decides whether an answer from elsewhere can be one of a model: whoever else writes to a store must not be able to make requests fail.</summary>
internal static class AnswerCheck
{
    /// <summary>True when the answer has exactly the wanted outputs, each of its type and a shape that the model can give.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="config">The model's configuration.</param>
    /// <param name="wanted">The names of the wanted outputs; null for all.</param>
    /// <param name="mayLackOutputs">True when the model leaves out outputs that are not there, unless they are named.</param>
    public static bool Fits(CachedAnswer answer, ModelConfig config, IReadOnlyCollection<string>? wanted, bool mayLackOutputs = false)
    {
        var count = 0;
        foreach (var tensor in config.Outputs)
        {
            if (wanted?.Contains(tensor.Name, StringComparer.Ordinal) == false)
            {
                continue;
            }

            var isThere = false;
            foreach (var output in answer.Outputs)
            {
                isThere |= output.Name == tensor.Name && output.DataType == tensor.DataType && tensor.Shape.Accepts(output.Shape);
            }

            count += isThere ? 1 : 0;
            if (!isThere && !(mayLackOutputs && wanted is null))
            {
                return false;
            }
        }

        return (count > 0 || !mayLackOutputs) && count == answer.Outputs.Length;
    }
}
