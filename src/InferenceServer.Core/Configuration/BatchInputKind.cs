namespace InferenceServer.Core.Configuration;

/// <summary>What the server tells a model of the requests that its execution is made of; the numbers are those of Triton's message.</summary>
public enum BatchInputKind
{
    /// <summary>How many elements each request has: shape [requests].</summary>
    ElementCount = 0,

    /// <summary>The same, each added to those before it: shape [requests].</summary>
    AccumulatedElementCount = 1,

    /// <summary>The same, with a 0 in front: shape [requests + 1].</summary>
    AccumulatedElementCountWithZero = 2,

    /// <summary>A tensor of zeros whose shape is the largest count of elements of any request.</summary>
    MaxElementCountAsShape = 3,

    /// <summary>The dimensions of each row: shape [rows, dimensions without the batch dimension].</summary>
    ItemShape = 4,

    /// <summary>The same, one row after another: shape [rows times dimensions].</summary>
    ItemShapeFlatten = 5,
}
