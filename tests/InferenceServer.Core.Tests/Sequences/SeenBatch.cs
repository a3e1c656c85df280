namespace InferenceServer.Core.Tests.Sequences;

/// <summary>What one execution of a sequence model saw, by row.</summary>
internal sealed record SeenBatch(int[] Values, int[] Start, float[] End, byte[] Ready, string[] Ids, int[] States);
